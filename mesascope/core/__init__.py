"""The vocabulary as types, and exact solutions of finite levels: pure functions, no files, no clocks."""
