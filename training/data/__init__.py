"""Labelled clips: tables, FMA, folds, augmentation, spectrograms and features."""
