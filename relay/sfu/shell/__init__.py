"""sfu/shell"""
