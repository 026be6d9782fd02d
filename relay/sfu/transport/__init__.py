"""sfu/transport"""
