import os

# Read when dspy and litellm are first used: without it both fetch a price map.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
