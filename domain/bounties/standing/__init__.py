"""How a bounty stands towards the public: what holds it or an entry back, and who decides."""
