"""Makes fixtures/zones.json: the UTM zone of places, by two packages that others wrote.

    python -m venv /tmp/zones && /tmp/zones/bin/pip install utm==0.8.1 mgrs==1.5.0 packaging==25.0
    /tmp/zones/bin/python test/unit/dataset/choose/make-zone-fixtures.py

utm is a package of its own, mgrs the code of NGA's GEOTRANS. Only places on which both agree are written; where
they differ is printed (GEOTRANS rounds to metres, so that a zone's very edge may fall to either side).
"""

import json
import pathlib
import random

import mgrs
import utm

random.seed(69)
places = [
    (lon + off, lat)
    for lon in range(-180, 181, 6)
    for off in (-0.5, 0.5)
    for lat in (-79.5, -33, -0.5, 0.5, 45, 55.5, 56.5, 63.5, 64.5, 71.5, 72.5, 83.5)
    if -180 <= lon + off < 180
]
# Around the exceptions.
places += [(lon + 0.25, lat + 0.25) for lon in range(-1, 44) for lat in (55, 56, 60, 63, 64, 71, 72, 78, 83)]
places += [(random.uniform(-180, 180), random.uniform(-80, 84)) for _ in range(500)]

toMgrs = mgrs.MGRS()
rows = []
for lon, lat in places:
    by_utm = utm.latlon_to_zone_number(lat, lon)
    text = toMgrs.toMGRS(lat, lon)
    by_geotrans = int("".join(c for c in text[:2] if c.isdigit()))
    if by_utm != by_geotrans:
        print("differ", lon, lat, by_utm, by_geotrans)
        continue
    rows.append([round(lon, 6), round(lat, 6), by_utm])
path = pathlib.Path(__file__).parent / "fixtures" / "zones.json"
path.write_text(
    json.dumps({"utm": "0.8.1", "mgrs": "1.5.0", "places": rows}, separators=(",", ":")) + "\n"
)
print(len(rows), path.stat().st_size)
