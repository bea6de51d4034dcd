"""The 518 features of FMA's ``features.csv``: eleven of librosa's, summed up over each clip."""
