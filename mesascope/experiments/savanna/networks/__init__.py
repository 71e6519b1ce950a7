"""The second stage with networks: selection makes a network that rewards, a life of learning makes one that chooses."""
