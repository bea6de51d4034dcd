"""Trainers: fine-tuning, the networks of 2018, classic learners, logistic regression."""
