"""The computations behind the pages, one library function each."""
