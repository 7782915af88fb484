"""Sets as the next tool opens them: one module per form, all of them given the same material and the same folder."""
