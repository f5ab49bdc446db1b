"""What holds for the whole room."""

import subprocess
import sys


def test_openvino_does_not_report_its_use():
    """In a process of its own: whether the sender of reports was loaded, and who stands in."""
    code = (
        "import sys; import segviz.inference.runtime; "
        "print(sys.modules['openvino_telemetry'], "
        "'openvino.tools.ovc.telemetry_stub' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "True"]
