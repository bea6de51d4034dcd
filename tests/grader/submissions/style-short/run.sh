#!/bin/bash
# Started in the folder of the repository.
python3 predict.py
