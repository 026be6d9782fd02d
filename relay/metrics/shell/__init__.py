"""metrics/shell"""
