"""The only door to torch, monai and openvino: models, what they are for, and running them."""
