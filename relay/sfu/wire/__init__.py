"""sfu/wire"""
