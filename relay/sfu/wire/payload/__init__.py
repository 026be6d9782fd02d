"""sfu/wire/payload"""
