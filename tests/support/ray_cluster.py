"""A Ray cluster of two machines that are both this one, for tests; a process of its own.

Prints its address and the process ids of its machines' managers as json, and ends when its
standard input does. It listens on 127.0.0.1 only and keeps its files in the folder ``RAY_TMPDIR``.
"""

import json
import sys

from ray.cluster_utils import Cluster

MACHINE = {
    "num_cpus": 1,
    "node_ip_address": "127.0.0.1",
    "include_dashboard": False,
    "object_store_memory": 100 << 20,
}


def main() -> None:
    """Start it, say where it is, and end it when nobody listens any more."""
    cluster = Cluster(initialize_head=True, head_node_args=MACHINE)
    try:
        cluster.add_node(**MACHINE)
        managers = [
            process.process.pid
            for node in cluster.list_all_nodes()
            for process in node.all_processes["raylet"]
        ]
        print(json.dumps([cluster.address, managers]), flush=True)
        sys.stdin.read()
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
