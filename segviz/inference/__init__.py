"""The only door to torch, monai and openvino: models, what they are for, and running them."""

import sys

# OpenVINO reports every import of itself from a forked process, which can hang for ever in a
# process with threads; without the module that does so it uses its own stand-in.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
