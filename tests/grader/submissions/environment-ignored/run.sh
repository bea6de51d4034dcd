#!/bin/bash
exec python3 "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/predict.py"
