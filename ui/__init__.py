"""The web page of Paperchat; the answers it shows are made in `rag`."""

import os

# before anything here imports Gradio, which would call home
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
