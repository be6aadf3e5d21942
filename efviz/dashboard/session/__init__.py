"""What a visit is made of: settings and links, what is kept, who waits for what."""
