"""scheduler/shell"""
