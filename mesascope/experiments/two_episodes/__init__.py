"""Two episodes: what is gained in one is paid for in the next. Which learners look ahead?"""
