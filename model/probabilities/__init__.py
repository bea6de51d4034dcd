"""Calibration, class priors, and the shift from one class prior to another."""
