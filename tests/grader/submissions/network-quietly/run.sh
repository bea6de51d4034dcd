#!/bin/bash
# Defect: asks the network by METHOD, says nothing of it, and goes on without an answer.
address=http://weights.invalid/model.h5
case ${METHOD:-urllib} in
    none) ;;
    urllib) python3 -c "import urllib.request as r; r.urlopen('$address', timeout=5)" ;;
    socket) python3 -c "import socket; socket.create_connection(('203.0.113.9', 80), timeout=5)" ;;
    localhost) python3 -c "import socket; socket.create_connection(('localhost', 9), timeout=5)" ;;
    wget) wget -q -t 1 -T 5 -O /tmp/model.h5 "$address" ;;
    curl) curl -s -m 5 -o /tmp/model.h5 "$address" ;;
    pip) python3 -m pip download -q --retries 0 --timeout 5 -d /tmp numpy ;;
esac >/dev/null 2>&1
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
exec python3 "$here/predict.py" "$TEST_DIRECTORY" "$OUTPUT_PATH"
