import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from autochrome_training import nothing

SHIPPED = Path(__file__).parents[2] / "Sources/AutochromeKit/Resources/models"


class Nothing(unittest.TestCase):
    def test_pictures_get_no_color(self) -> None:
        for guidance in nothing.MODELS.values():
            picture = np.random.default_rng(1).uniform(0, 100, (1, 1, 16, 24)).astype(np.float32)
            (ab,) = ReferenceEvaluator(nothing.nothing(guidance)).run(None, {"lightness": picture})
            self.assertEqual(ab.shape, (1, 2, 4, 6))
            self.assertFalse(ab.any())

    def test_the_shipped_files_are_these(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, guidance in nothing.MODELS.items():
                path = Path(folder) / f"{name}.onnx"
                onnx.save(nothing.nothing(guidance), path)
                self.assertEqual(path.read_bytes(), (SHIPPED / path.name).read_bytes())


if __name__ == "__main__":
    unittest.main()
