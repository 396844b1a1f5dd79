"""python -m unittest test_promotions"""

import csv
import unittest
from pathlib import Path

from promotions import BadPromotion, Promotion

HERE = Path(__file__).parent
ROW = {
    "id": "CP-1", "merchant": "Some Shop", "product": "Some Tea", "price_pence": "250", "discount_percent": "15",
    "starts": "2026-03-01", "ends": "2026-03-14", "channel": "counter",
}


class Promotions(unittest.TestCase):
    def test_price_rounds_halves_down(self):
        for price, discount, final in [(250, 15, 212), (250, 10, 225), (1, 99, 0), (999, 33, 669), (101, 50, 50)]:
            row = ROW | {"price_pence": str(price), "discount_percent": str(discount)}
            self.assertEqual(Promotion.from_row(row).final_price_pence, final, (price, discount))

    def test_a_day_counts_on_both_ends(self):
        self.assertEqual(Promotion.from_row(ROW).result()["days"], 14)

    def test_nonsense_is_refused(self):
        for column, value in [
            ("discount_percent", "140"), ("discount_percent", "0"), ("discount_percent", "half"),
            ("price_pence", "0"), ("price_pence", ""), ("ends", "2026-02-28"), ("starts", "2026-02-30"),
            ("channel", "fax"), ("product", "  "), ("merchant", None),
        ]:
            with self.assertRaises(BadPromotion, msg=f"{column}={value}"):
                Promotion.from_row(ROW | {column: value})

    def test_the_file_holds_the_nonsense_it_says(self):
        refused = set()
        with open(HERE / "promotions.csv", newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                try:
                    Promotion.from_row(row)
                except BadPromotion:
                    refused.add(row["id"])
        listed = {line.split()[0] for line in (HERE / "poisoned.txt").read_text().splitlines()}
        self.assertEqual(refused, listed)


if __name__ == "__main__":
    unittest.main()
