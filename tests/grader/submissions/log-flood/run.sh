#!/bin/bash
# Hostile: prints for ever.
exec yes "epoch 1 of 1"
