// What belongs to every page, from its first moment: the address of this file is in its HTML.

import './away.js';
import './menu.js';
