"""Trees as arrays: read from XGBoost's JSON, written as ONNX."""
