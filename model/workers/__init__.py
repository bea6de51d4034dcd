"""Worker processes with limits of time and memory, for everything that opens strangers' files."""
