"""What runs a network: TensorFlow, or ONNX Runtime on a CPU. The rest sees a ``Network`` alone."""
