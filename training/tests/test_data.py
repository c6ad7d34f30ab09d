import hashlib
import json
import tarfile
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from PIL import Image

from autochrome_training import color, data

from .pictures import write_scenes


class Preparing(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.random = np.random.default_rng(1)

    def test_drops_what_teaches_nothing_and_names_why(self) -> None:
        pictures = self.folder / "pictures"
        write_scenes(pictures, 3, seed=1)
        good = np.asarray(Image.open(pictures / "0000.png"))
        gray = np.repeat(good.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
        Image.fromarray(gray).save(pictures / "gray.png")
        sepia = np.clip(gray.astype(int) // 4 * 4 + np.array([30, 0, -30]), 0, 255)
        Image.fromarray(sepia.astype(np.uint8)).save(pictures / "sepia.png")
        Image.fromarray(good[:20, :20]).save(pictures / "tiny.png")
        Image.fromarray(good).resize((70, 72)).save(pictures / "zcopy.jpg", quality=30)
        (pictures / "broken.png").write_bytes(b"not a picture")
        manifest = data.prepare([pictures], self.folder / "pool", 64, [])
        reasons = {entry["name"]: entry["reason"].split()[0] for entry in manifest["dropped"]}
        self.assertEqual(
            reasons,
            {
                "gray.png": "gray",
                "sepia.png": "tinted",
                "tiny.png": "tiny",
                "zcopy.jpg": "duplicate",
                "broken.png": "unreadable",
            },
        )
        self.assertEqual([entry["name"] for entry in manifest["kept"]], ["0000.png", "0001.png", "0002.png"])
        stored = np.load(self.folder / "pool/pictures.npy")
        self.assertEqual((stored.shape, stored.dtype), ((3, 64, 64, 3), np.uint8))
        self.assertEqual(json.loads((self.folder / "pool/manifest.json").read_text()), manifest)

    def test_tar_and_folder_give_the_same(self) -> None:
        write_scenes(self.folder / "pictures", 4, seed=2)
        with tarfile.open(self.folder / "shard.tar", "w") as archive:
            for path in sorted((self.folder / "pictures").iterdir()):
                archive.add(path, path.name)
        one = data.prepare([self.folder / "pictures"], self.folder / "one", 64, [])
        with mock.patch.object(data, "_AHEAD", 3):
            self.assertEqual(data.prepare([self.folder / "pictures"], self.folder / "parts", 64, []), one)
        two = data.prepare([self.folder / "shard.tar"], self.folder / "two", 64, [])
        self.assertEqual(one, two)

    def test_leaves_out_what_is_excluded(self) -> None:
        write_scenes(self.folder / "pictures", 4, seed=3)
        write_scenes(self.folder / "held", 2, seed=3)
        (self.folder / "held/broken.png").write_bytes(b"not a picture")
        manifest = data.prepare([self.folder / "pictures"], self.folder / "pool", 64, [self.folder / "held"])
        self.assertEqual([entry["name"] for entry in manifest["kept"]], ["0002.png", "0003.png"])

    def test_pictures_that_are_held_out_are_the_same_whatever_lies_beside_them(self) -> None:
        write_scenes(self.folder / "a" / "people", 6, seed=1)
        write_scenes(self.folder / "a" / "cars", 4, seed=2)
        write_scenes(self.folder / "b" / "people", 2, seed=3)
        sources = [self.folder / "a", self.folder / "b"]
        digests = sorted(
            hashlib.sha256(path.read_bytes()).hexdigest()[:16]
            for source in sources
            for path in source.rglob("people/*")
        )
        Image.new("RGB", (80, 80), (90, 90, 90)).save(self.folder / "a" / "people" / "gray.png")
        first, second = self.folder / "first", self.folder / "second"
        self.assertEqual(data.hold_out(sources, ["people", "absent"], 5, first), {"people": 5, "absent": 0})
        self.assertEqual(data.hold_out(sources[::-1], ["people"], 100, second), {"people": 8})
        for folder, wanted in ((first, digests[:5]), (second, digests)):
            self.assertEqual(sorted(path.stem for path in folder.rglob("people/*.png")), wanted)
        self.assertFalse((first / "cars").exists())

    def test_pictures_stand_upright(self) -> None:
        """A camera held sideways writes what its sensor saw and how to turn it."""
        pictures = self.folder / "pictures"
        write_scenes(pictures, 1, seed=4)
        with Image.open(pictures / "0000.png") as scene:
            upright = scene.convert("RGB")
            turned = Image.Exif()
            turned[0x0112] = 6
            upright.transpose(Image.Transpose.ROTATE_90).save(pictures / "0000.png", exif=turned)
            side = min(upright.size)
            data.prepare([pictures], self.folder / "pool", side, [])
            left, top = ((length - side) // 2 for length in upright.size)
            expected = np.asarray(upright.crop((left, top, left + side, top + side)))
        np.testing.assert_array_equal(np.load(self.folder / "pool/pictures.npy")[0], expected)

    def test_what_is_held_out_is_not_drawn(self) -> None:
        pictures = np.zeros((50, 16, 16, 3), np.uint8) + np.arange(50, dtype=np.uint8)[:, None, None, None]
        np.save(self.folder / "pictures.npy", pictures)
        (self.folder / "manifest.json").write_text(
            json.dumps({"kept": [{"name": f"{index // 25}/{index}.png"} for index in range(50)]})
        )
        pool = data.Pool(self.folder, torch.device("cpu"))
        rest = pool.split(0.2)
        held = set(rest.pictures[:, 0, 0, 0].tolist())
        self.assertEqual(len(held), 10)
        # Both folders are in it.
        self.assertEqual({index // 25 for index in held}, {0, 1})
        drawn = pool.crops(2000, 8, (1, 1), torch.Generator().manual_seed(1))
        self.assertEqual(set((drawn[:, 0, 0, 0] * 255).round().int().tolist()), set(range(50)) - held)

    def test_crops_are_parts_of_the_pictures(self) -> None:
        # Red is x, green is y, blue tells the picture.
        y, x = np.mgrid[0:96, 0:96]
        pictures = np.stack([np.stack((x, y, np.full_like(x, 100 * index)), axis=-1) for index in range(2)])
        np.save(self.folder / "pictures.npy", pictures.astype(np.uint8))
        (self.folder / "manifest.json").write_text(json.dumps({"kept": [{"name": "one/a.png"}, {"name": "two/b.png"}]}))
        pool = data.Pool(self.folder, torch.device("cpu"))
        random = torch.Generator().manual_seed(1)
        mirrored, extents, chosen = 0, set(), set()
        for _ in range(6):
            for crop in pool.crops(8, 48, (0.5, 1), random) * 255:
                across = (crop[0, :, 40] - crop[0, :, 8]) / 32
                down = (crop[1, 40, :] - crop[1, 8, :]) / 32
                self.assertLess(float(down.std()) + float(across.std()), 1e-3)
                wide, high = abs(float(across[0])), float(down[0])
                for step in (wide, high):
                    # A crop of 48 shows at most the whole picture.
                    self.assertTrue(0.8 <= step <= 2 + 1e-3, step)
                self.assertLess(max(wide, high) / min(wide, high), 1.5)
                self.assertLess(float(crop[2].std()), 1e-3)
                mirrored += bool(across[0] < 0)
                extents.add((round(wide * 48), round(high * 48)))
                chosen.add(round(float(crop[2, 0, 0])))
        self.assertTrue(12 < mirrored < 36, mirrored)
        self.assertGreater(len(extents), 2)
        self.assertEqual(chosen, {0, 100})
        self.assertTrue(any(wide != high for wide, high in extents))

        often = data.Pool(self.folder, torch.device("cpu"), {"two": 9})
        seen = often.crops(400, 48, (0.5, 1), random)[:, 2, 0, 0] > 0.2
        self.assertAlmostEqual(float(seen.float().mean()), 0.9, delta=0.06)
        self.assertEqual(often.missing, [])
        other = data.Pool(self.folder, torch.device("cpu"), {"three": 9})
        self.assertEqual((other.missing, other.weights.tolist()), (["three"], [1, 1]))


class Colors(unittest.TestCase):
    def test_lab_of_the_primaries(self) -> None:
        # Lindbloom's values for sRGB, D65.
        rgb = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]).view(4, 3, 1, 1)
        expected = torch.tensor([[53.24, 80.09, 67.20], [87.73, -86.18, 83.18], [32.30, 79.19, -107.86], [100, 0, 0]])
        light = (rgb * torch.tensor([0.2126729, 0.7151522, 0.0721750]).view(1, 3, 1, 1)).sum(1, True)
        lab = torch.cat((color.lightness(light), color.chroma(rgb)), dim=1).view(4, 3)
        self.assertLess(float((lab - expected).abs().max()), 0.05)

    def test_linear_light(self) -> None:
        self.assertAlmostEqual(float(color.linear(torch.tensor(0.5))), 0.21404, places=4)
        lightness = torch.linspace(0, 100, 11)
        back = color.lightness(color.luminance(lightness))
        self.assertLess(float((back - lightness).abs().max()), 1e-3)


if __name__ == "__main__":
    unittest.main()
