"""Generated tables and pictures of the documents."""
