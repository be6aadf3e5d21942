"""What a page shows, as one library function each."""
