// The phone's menu closes after a choice. Streamlit leaves it open above the page.

import { closeMenu, MENU_LINK } from './compat.js';
import { isOver } from './html.js';

document.addEventListener('click', (event) => {
  // After Streamlit has heard of the click.
  if (isOver(event, MENU_LINK)) setTimeout(closeMenu);
});
