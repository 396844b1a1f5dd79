"""A promotion, as a merchant hands it in, and the price it makes."""

from dataclasses import dataclass
from datetime import date

CHANNELS = {"counter", "web", "app", "kiosk"}


class BadPromotion(ValueError):
    """What the merchant handed in makes no sense; trying again will not help."""


@dataclass(frozen=True)
class Promotion:
    id: str
    merchant: str
    product: str
    price_pence: int
    discount_percent: int
    starts: date
    ends: date
    channel: str

    @classmethod
    def from_row(cls, row):
        """Reads and checks a row of the CSV file. Raises BadPromotion."""
        try:
            promotion = cls(
                id=row["id"],
                merchant=row["merchant"].strip(),
                product=row["product"].strip(),
                price_pence=int(row["price_pence"]),
                discount_percent=int(row["discount_percent"]),
                starts=date.fromisoformat(row["starts"]),
                ends=date.fromisoformat(row["ends"]),
                channel=row["channel"],
            )
        except (KeyError, ValueError, AttributeError) as error:
            raise BadPromotion(f"cannot be read: {error!r}") from error
        promotion.check()
        return promotion

    def check(self):
        if not self.merchant or not self.product:
            raise BadPromotion("names no merchant or no product")
        if self.price_pence <= 0:
            raise BadPromotion(f"a price of {self.price_pence} pence")
        if not 0 < self.discount_percent < 100:
            raise BadPromotion(f"a discount of {self.discount_percent} %")
        if self.ends < self.starts:
            raise BadPromotion(f"ends on {self.ends}, before it starts on {self.starts}")
        if self.channel not in CHANNELS:
            raise BadPromotion(f"unknown channel {self.channel!r}")

    @property
    def final_price_pence(self):
        """The price at the counter: rounded to a penny, halves in the customer's favour."""
        hundredths = self.price_pence * (100 - self.discount_percent)
        return -((50 - hundredths) // 100)

    def result(self):
        """What the shop's counters need to know."""
        return {
            "promotion": self.id,
            "label": f"{self.product} at {self.merchant}: {self.discount_percent} % off",
            "final_price_pence": self.final_price_pence,
            "saving_pence": self.price_pence - self.final_price_pence,
            "days": (self.ends - self.starts).days + 1,
            "channel": self.channel,
        }
