"""The tour and the upload page as notebooks, and the code of the upload page."""
