"""The systems of the challenge of 2018: six networks and learners, and the starter kit's SVM."""
