"""sfu/dataplane"""
