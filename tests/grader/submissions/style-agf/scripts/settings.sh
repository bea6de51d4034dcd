# Read by prd.sh.
export BATCH=16
