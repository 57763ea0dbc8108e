"""From B-factors to a hierarchical model of disorder (ECHT, Pearce & Gros 2021), as a convex fit with a certificate."""
