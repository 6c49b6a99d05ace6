"""The boards, in the order in which they are shown. A new one is a file here, and a line below."""

from dashboards.board import Board
from dashboards.boards import (
    audiences,
    campaigns,
    channels,
    content,
    funnels,
    growth,
    health,
    lifecycle,
    overview,
    paths,
    platform,
    product,
    retention,
    rfm,
    sales,
    strategy,
    value,
)

BOARDS: tuple[Board, ...] = (
    overview.BOARD,
    strategy.BOARD,
    sales.BOARD,
    channels.BOARD,
    campaigns.BOARD,
    audiences.BOARD,
    lifecycle.BOARD,
    rfm.BOARD,
    value.BOARD,
    funnels.BOARD,
    retention.BOARD,
    paths.BOARD,
    product.BOARD,
    content.BOARD,
    growth.BOARD,
    platform.BOARD,
    health.BOARD,
)
