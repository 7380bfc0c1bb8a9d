"""Run by test_portable.py: trains in a process of its own, since a process keeps the instructions it has begun with.

python portable_child.py STORE true|false [FOLDER OF COMPILED PROGRAMS]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from conftest import make_condition, make_dataset

from infoplane.training.trainer import train

# layers that are computed in each of the ways of network.py: as matrix products, as sums, as a product with ones
WIDE = make_condition(hidden=(100, 12, 8, 3), epochs=8, batch_size=32, dropout=0.1)

if __name__ == "__main__":
    store = Path(sys.argv[1])
    condition = WIDE.model_copy(update={"portable": sys.argv[2] == "true"})
    programs = Path(sys.argv[3]) if sys.argv[3:] else None
    dataset, checkpoint = make_dataset(features=12), store.with_name("checkpoint")
    train(condition, dataset, range(2), store, checkpoint, lambda _: None, programs=programs)
