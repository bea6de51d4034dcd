"""Worker processes that read users' files: pool, worker, decoders with their fallback order."""
