"""sfu/wire/rtcp"""
