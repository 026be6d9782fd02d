"""sfu/media"""
