"""sfu/negotiation"""
