"""Linear algebra whose decisions do not depend on the processor; no statistics."""
