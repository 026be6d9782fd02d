"""sfu/session"""
