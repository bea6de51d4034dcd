# Variables of TensorFlow.
export TF_CPP_MIN_LOG_LEVEL=2
