"""Buckets: what a folder does, a bucket does; and faults end in a sentence, with nothing half."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from werkzeug.wrappers import Request, Response

from orchestration.commands.build import Narrator, _tell_outcome, build
from orchestration.commands.rollback import rollback
from orchestration.commands.serve import serve_current
from orchestration.commands.stopping import Stop
from orchestration.commands.withdraw import withdraw
from orchestration.defs.automation import jobs
from orchestration.defs.publish import assets
from orchestration.ingest import raw_folder
from orchestration.ingest.loader import has_news
from orchestration.privacy.scrubbing import scrub
from orchestration.project import Settings, SettingsError
from orchestration.publish import publishing, up_to_date
from orchestration.publish.bucket import POINTER, prune
from orchestration.publish.builds import PublishedBuild, current_build
from orchestration.publish.postgres import ServingError
from orchestration.store import buckets
from orchestration.store.buckets import Bucket, BucketError
from orchestration.store.warehouse import WarehouseError, connect
from orchestration.transform.dbt_runs import exposed_nodes
from orchestration.ui.run_records import recorded
from tests.pipeline import erasure_world
from tests.pipeline.ingest_support import World
from tests.pipeline.s3_server import KEY, S3, SECRET, refusal, running
from tests.support import environment_of

HEADER = "event_id,event_name,user_id,occurred_at\n"


def csv(*ids: str) -> bytes:
    return (HEADER + "".join(f"{i},open,u{i},2024-01-02 10:00:00\n" for i in ids)).encode()


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with running() as s3, pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_ACCESS_KEY_ID", KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        yield s3


@pytest.fixture
def s3(server: S3) -> Iterator[S3]:
    server.faults.clear()
    server.requests.clear()
    yield server
    server.faults.clear()


@dataclass
class BucketWorld(World):
    """A world whose raw folder is `shop` in a bucket of its own."""

    s3: S3 = field(kw_only=True)
    bucket: str = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.settings = Settings.from_environment(
            {**self.settings.environment(), "YUNYING_RAW_DIR": f"s3://{self.bucket}/shop/",
             "YUNYING_S3_ENDPOINT": self.s3.url, "YUNYING_S3_ADDRESSING": ""}
        )  # fmt: skip
        self.s3.client.create_bucket(Bucket=self.bucket)

    def put(self, name: str, content: bytes | str) -> Any:
        body = content.encode() if isinstance(content, str) else content
        return self.s3.client.put_object(Bucket=self.bucket, Key=f"shop/{name}", Body=body)

    def objects(self) -> dict[str, bytes]:
        client = self.s3.client
        listed = client.list_objects_v2(Bucket=self.bucket, Prefix="shop/").get("Contents", ())
        return {
            each["Key"].removeprefix("shop/"): client.get_object(
                Bucket=self.bucket, Key=each["Key"]
            )["Body"].read()
            for each in listed
        }

    def ids(self) -> list[str]:
        return [i for (i,) in self.rows("select event_id from raw.events order by all")]

    def has_news(self) -> bool:
        with connect(self.settings, read_only=True) as connection:
            return has_news(connection, self.settings)


@pytest.fixture
def world(s3: S3, tmp_path: Path, request: pytest.FixtureRequest) -> BucketWorld:
    number = abs(hash(request.node.nodeid)) % 10**12
    return BucketWorld(tmp_path, s3=s3, bucket=f"bucket-{number}")


def test_a_bucket_is_read_as_a_folder_is_and_what_is_known_is_not_fetched(
    world: BucketWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "_PAGE", 2)
    world.put("events/day=1/a.csv", csv("1", "2"))
    world.put("Events/运营 100%+//b.jsonl", '{"event_id": "3", "event_name": "x"}\n')
    world.put("events/", "")
    world.put("events/_temporary/0/c.csv", csv("9"))
    world.put("events/.d.csv", csv("9"))
    world.put("events/e.xls", "old")
    world.put("ingest_files/f.csv", csv("9"))
    world.put("g.csv", csv("9"))
    world.put("events/cut.parquet", "PAR1")
    report = world.ingest()
    assert {file.source_file for file in report.loaded_files} == {
        "events/day=1/a.csv", "Events/运营 100%+//b.jsonl"
    }  # fmt: skip
    assert [file.source_file for file in report.failed_files] == ["events/cut.parquet"]
    assert {note.split(" ")[0] for note in report.notes} == {"events/e.xls", "The", "g.csv"}
    assert world.ids() == ["1", "2", "3"]
    assert not world.has_news()

    world.s3.requests.clear()
    assert world.ingest().loaded_files == ()
    assert [path.rpartition("/")[2] for path in world.s3.got("GET")] == ["cut.parquet"]

    world.put("events/day=1/a.csv", csv("2", "4"))  # replaced, of the same size
    assert world.has_news()
    world.ingest()
    assert world.ids() == ["2", "3", "4"]
    withdraw(world.settings, f"{world.settings.raw_dir}/events/day=1/a.csv")
    world.ingest()
    assert world.ids() == ["3"]
    world.assert_adds_up()


def test_files_that_moved_into_a_bucket_are_not_loaded_again(world: BucketWorld) -> None:
    here = World(world.root)
    here.put("events/a.csv", csv("1"))
    here.ingest()
    before = here.ledger("events/a.csv")
    world.put("events/a.csv", csv("1"))
    assert world.ingest().files == ()
    assert world.ledger("events/a.csv")["load_id"] == before["load_id"]
    assert not world.has_news()


def test_objects_are_fetched_some_at_a_time_and_go_again(
    world: BucketWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_folder, "FETCHED_FILES", 3)
    monkeypatch.setattr(raw_folder, "FETCHED_BYTES", 2 * len(csv("1")))
    links = world.settings.warehouse.with_name(world.settings.warehouse.name + ".links")
    there: list[int] = []

    def look(request: Request) -> None:
        if request.method == "GET":
            there.append(len(list(links.glob("*.object"))))

    world.s3.faults.append(look)
    for number in range(7):
        world.put(f"events/{number}.csv", csv(str(number)))
    world.put("events/large.csv", csv(*(str(n) for n in range(7, 20))))
    world.ingest()
    assert len(world.ids()) == 20
    assert len(world.s3.got("GET")) == 8
    assert max(there) <= 3
    assert not links.exists()


MENDS = {
    ("LIST", 403, "InvalidAccessKeyId"): "set AWS_ACCESS_KEY_ID",
    ("LIST", 403, "SignatureDoesNotMatch"): "set AWS_ACCESS_KEY_ID",
    ("LIST", 400, "ExpiredToken"): "expired",
    ("LIST", 403, "AccessDenied"): "allow s3:ListBucket",
    ("LIST", 404, "NoSuchBucket"): "no bucket of that name",
    ("LIST", 400, "AuthorizationHeaderMalformed"): "YUNYING_S3_REGION",
    ("LIST", 403, "RequestTimeTooSkewed"): "clock",
    ("LIST", 403, "SecondLevelDomainForbidden"): "YUNYING_S3_ADDRESSING=virtual",
    ("LIST", 418, "Strange"): "Strange to ListObjectsV2",
    ("GET", 400, "ExpiredToken"): "expired",
    ("GET", 403, "AccessDenied"): "allow s3:GetObject",
    ("PUT", 403, "AccessDenied"): "allow s3:PutObject",
    ("PUT", 400, "EntityTooLarge"): "over 5 GB",
}


@pytest.fixture
def three_files(world: BucketWorld, monkeypatch: pytest.MonkeyPatch) -> BucketWorld:
    monkeypatch.setattr(raw_folder, "FETCHED_FILES", 1)
    for number in range(3):
        world.put(f"events/{number}.csv", csv(str(number)))
    return world


def test_a_fault_is_a_sentence_with_the_mend_and_shows_no_secret(world: BucketWorld) -> None:
    world.put("a", b"1")
    bucket = Bucket(world.settings, str(world.settings.raw_dir), "YUNYING_RAW_DIR")
    for (method, status, code), mend in MENDS.items():
        world.s3.faults.clear()
        world.s3.fail(method, status, code)
        with pytest.raises(BucketError) as raised:
            {"LIST": lambda: list(bucket.pages()), "GET": lambda: bucket.read("a"),
             "PUT": lambda: bucket.write("a", b"2")}[method]()  # fmt: skip
        told = "".join(traceback.format_exception(raised.value))
        assert mend in told, told
        assert "YUNYING_RAW_DIR" in told
        assert SECRET not in told
        assert KEY not in told


def test_credentials_that_expire_in_the_middle_leave_whole_files_and_the_next_run_goes_on(
    three_files: BucketWorld,
) -> None:
    world = three_files
    world.s3.fail("GET", 400, "ExpiredToken", after=1)
    with pytest.raises(BucketError, match="expired"):
        world.ingest()
    assert world.ids() == ["0"]
    world.assert_adds_up()
    world.s3.faults.clear()
    world.s3.requests.clear()
    world.ingest()
    assert world.ids() == ["0", "1", "2"]
    assert len(world.s3.got("GET")) == 2


def test_a_server_that_is_gone_and_a_bucket_that_is_not_there(
    world: BucketWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "_ATTEMPTS", 1)
    world.settings = replace(world.settings, raw_dir="s3://no-such-bucket/shop")
    with pytest.raises(BucketError, match="no bucket of that name"):
        world.ingest()
    world.settings = replace(world.settings, s3_endpoint="http://127.0.0.1:9")
    with pytest.raises(BucketError, match="YUNYING_S3_ENDPOINT"):
        world.ingest()


def test_an_object_that_changes_while_it_is_read_is_one_version_whole(world: BucketWorld) -> None:
    world.put("events/a.csv", csv("1"))
    old, new = csv("1"), csv("2", "3")

    def replaced_and_cut(request: Request) -> Response | None:
        if request.method != "GET" or world.s3.faults != [replaced_and_cut]:
            return None
        world.s3.faults.clear()
        world.put("events/a.csv", new)
        cut = Response(old[:20], headers={"ETag": '"old"'})
        cut.headers["Content-Length"] = str(len(old))
        return cut

    world.s3.faults.append(replaced_and_cut)
    world.ingest()
    assert world.ids() == ["2", "3"]
    assert not world.has_news()
    world.s3.requests.clear()
    world.ingest()
    assert world.s3.got("GET") == []


def test_an_object_that_goes_before_it_is_read_is_left_out(world: BucketWorld) -> None:
    world.put("events/a.csv", csv("1"))
    world.put("events/b.csv", csv("2"))

    def gone(request: Request) -> Response | None:
        return (
            Response("<Error><Code>NoSuchKey</Code></Error>", 404, content_type="application/xml")
            if request.method == "GET" and request.path.endswith("a.csv")
            else None
        )

    world.s3.faults.append(gone)
    assert len(world.ingest().loaded_files) == 1
    assert world.ids() == ["2"]


@pytest.fixture
def person(world: BucketWorld) -> BucketWorld:
    """A bucket with a person in files of every format, that was loaded, and their request."""
    here = world.root / "raw"
    erasure_world.write(world.root, erasure_world.OTHERS, "others")
    erasure_world.write(world.root, erasure_world.THEIRS, "theirs")
    (here / "events" / "broken.jsonl").write_text('{"user_id": "Pia-PLANTED", "event\n')
    for path in sorted(here.rglob("*.*")):
        world.put(path.relative_to(here).as_posix(), path.read_bytes())
    world.ingest()
    request = json.dumps(erasure_world.REQUEST) + "\n"
    (here / "erasure_requests").mkdir()
    (here / "erasure_requests" / "r.jsonl").write_text(request)
    world.put("erasure_requests/r.jsonl", request)
    return world


def keep_versions(world: BucketWorld) -> None:
    world.s3.client.put_bucket_versioning(
        Bucket=world.bucket, VersioningConfiguration={"Status": "Enabled"}
    )


def versions(world: BucketWorld, key: str) -> int:
    client = world.s3.client
    found = client.list_object_versions(Bucket=world.bucket, Prefix=f"shop/{key}")
    return len(found.get("Versions", ()))


def test_an_erasure_rewrites_objects_as_it_rewrites_files(person: BucketWorld) -> None:
    world = person
    keep_versions(world)
    key = "events/theirs-1.jsonl"
    world.put(key, world.objects()[key])  # an older version of the same
    assert versions(world, key) == 2
    # May read, may not write: nothing is erased yet, and the next run does it.
    world.s3.fail("PUT", 403, "AccessDenied")
    with pytest.raises(
        WarehouseError, match=r"asked to be forgotten.*allow s3:PutObject"
    ) as raised:
        world.ingest()
    assert SECRET not in str(raised.value)
    world.s3.faults.clear()

    report = world.ingest()
    assert report.erasure is not None
    assert versions(world, key) == 1
    here = World(world.root)
    here.settings = replace(here.settings, warehouse=world.root / "other.duckdb")
    here.ingest()
    assert world.objects() == {
        path.relative_to(world.root / "raw").as_posix(): path.read_bytes()
        for path in (world.root / "raw").rglob("*.*")
    }
    assert world.rows(
        "select count(*) from raw.events where user_id = ?", [erasure_world.PERSON]
    ) == [(0,)]
    world.assert_adds_up()
    assert not world.has_news()


@pytest.mark.parametrize("before", ["HEAD", "PUT"])
def test_a_delivery_that_comes_while_people_are_erased_stays_and_is_erased_next(
    person: BucketWorld, before: str
) -> None:
    world = person
    keep_versions(world)
    key = "events/theirs-1.jsonl"
    lines = [erasure_world.event(990, erasure_world.PERSON, None, 3),
             erasure_world.event(991, "u1", None, 3)]  # fmt: skip
    fresh = "".join(json.dumps(line) + "\n" for line in lines)

    def delivered(request: Request) -> None:
        if request.method == before and request.path.endswith(key):
            world.s3.faults.clear()
            world.put(key, fresh)

    world.s3.faults.append(delivered)
    world.ingest()
    assert world.objects()[key].decode() == fresh
    if before == "PUT":  # what they were in is an older version by then
        assert versions(world, key) == 1
    assert world.has_news()
    world.ingest()
    assert world.objects()[key].decode() == fresh.splitlines(keepends=True)[1]
    assert "e991" in world.ids()
    assert "e990" not in world.ids()


def test_a_write_that_is_sent_again_as_its_answer_was_lost_is_no_delivery(
    person: BucketWorld,
) -> None:
    world = person
    keep_versions(world)
    key = "events/theirs-1.jsonl"
    here = World(world.root)
    here.settings = replace(here.settings, warehouse=world.root / "other.duckdb")
    here.ingest()
    written = (world.root / "raw" / key).read_bytes()

    def lost(request: Request) -> None:
        if request.method == "PUT" and request.path.endswith(key):
            world.s3.faults.clear()
            world.put(key, written)

    world.s3.faults.append(lost)
    world.ingest()
    assert world.objects()[key] == written
    assert versions(world, key) == 1
    assert not world.has_news()


def knows_no_conditions(request: Request) -> Response | None:
    """What OSS answers to a write that asks what lies there."""
    if "If-Match" in request.headers or "If-None-Match" in request.headers:
        return refusal(501, "NotImplemented")
    return None


def test_a_server_that_knows_no_conditions_is_written_to_all_the_same(person: BucketWorld) -> None:
    person.s3.faults.append(knows_no_conditions)
    assert person.ingest().erasure is not None
    assert erasure_world.PERSON.encode() not in person.objects()["events/theirs-1.jsonl"]


# What is published


@pytest.fixture
def served(world: BucketWorld) -> BucketWorld:
    world.settings = Settings.from_environment(
        {**world.settings.environment(), "YUNYING_RAW_DIR": str(world.root / "raw"),
         "YUNYING_SERVE_BUCKET": f"s3://{world.bucket}/tables", "YUNYING_BUILDS_KEPT": "2",
         "YUNYING_ALERT_LOG": str(world.root / "alerts.log")}
    )  # fmt: skip
    return world


def make(world: BucketWorld, version: int) -> PublishedBuild:
    with duckdb.connect(str(world.settings.warehouse)) as connection:
        connection.execute("create schema if not exists marts")
        for table in ("mart_days", "mart_users"):
            connection.execute(f"create or replace table marts.{table} as select {version} as v")
    relations = [("marts", "mart_days"), ("marts", "mart_users")]
    return publishing.publish(world.settings, relations, "hash")


def publish(world: BucketWorld, version: int) -> str:
    build = make(world, version)
    prune(world.settings)
    return build.build_id


def read(world: BucketWorld) -> tuple[str, list[int]]:
    """The build that a reader of the bucket sees, and what its tables say."""
    bucket = Bucket(world.settings, world.settings.serve_bucket or "", "YUNYING_SERVE_BUCKET")
    content = bucket.read(POINTER)
    assert content is not None
    told = json.loads(content.data)
    values = []
    for name, key in sorted(told["tables"].items()):
        path = world.root / f"{name}.parquet"
        assert bucket.fetch(key, path) is not None
        values += [v for (v,) in duckdb.sql(f"select v from '{path}'").fetchall()]
    return told["build_id"], values


def built(world: BucketWorld) -> set[str]:
    client = world.s3.client
    listed = client.list_objects_v2(Bucket=world.bucket, Prefix="tables/builds/")
    return {each["Key"].split("/")[2] for each in listed.get("Contents", ())}


def test_readers_of_the_bucket_see_the_build_that_readers_here_see(served: BucketWorld) -> None:
    first = publish(served, 1)
    assert read(served) == (first, [1, 1])
    second = publish(served, 2)
    third = publish(served, 3)
    assert read(served) == (third, [3, 3])
    assert built(served) == {second, third}
    rollback(served.settings)
    serve_current(served.settings)
    assert read(served) == (second, [2, 2])
    assert built(served) == {second, third}


def test_readers_see_the_build_where_the_server_knows_no_conditions(served: BucketWorld) -> None:
    served.s3.faults.append(knows_no_conditions)
    publish(served, 1)
    second = publish(served, 2)
    assert read(served) == (second, [2, 2])


def test_a_bucket_that_does_not_take_the_build_leaves_readers_what_they_had(
    served: BucketWorld,
) -> None:
    first = publish(served, 1)
    # Nothing can be read, listed, written; the second table, the pointer cannot be written.
    for method, after in (("GET", 0), ("LIST", 0), ("PUT", 0), ("PUT", 1), ("PUT", 2)):
        served.s3.fail(method, 403, "AccessDenied", after)
        with pytest.raises(ServingError, match="allow s3:") as raised:
            publish(served, 2)
        served.s3.faults.clear()
        assert SECRET not in str(raised.value)
        assert read(served) == (first, [1, 1])
        current = current_build(served.settings)
        assert current is not None
        assert current.build_id == first
    second = publish(served, 3)
    assert read(served) == (second, [3, 3])
    assert built(served) == {first, second}


def test_what_refuses_after_the_bucket_takes_its_readers_back(
    served: BucketWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(served, 1)

    def refuse(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(publishing.builds, "show", refuse)
        with pytest.raises(OSError, match="disk"):
            publish(served, 2)
    assert read(served) == (first, [1, 1])


def test_builds_that_hold_erased_people_leave_the_bucket_with_every_version(
    served: BucketWorld,
) -> None:
    served.s3.client.put_bucket_versioning(
        Bucket=served.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    publish(served, 1)
    second = publish(served, 2)
    served.settings.warehouse.with_name(served.settings.warehouse.name + ".erasing").touch()
    scrub(served.settings, "run")
    assert built(served) == {second}
    found = served.s3.client.list_object_versions(Bucket=served.bucket, Prefix="tables/builds/")
    assert {each["Key"].split("/")[2] for each in found["Versions"]} == {second}
    assert found.get("DeleteMarkers", []) == []


@pytest.mark.parametrize("others", [True, False])
def test_of_two_builds_that_meet_in_a_bucket_one_is_refused(
    served: BucketWorld, others: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One warehouse's takes away what another puts together there; a rollback is no other's."""
    first = publish(served, 1)
    publish(served, 2)
    filled, moved = publishing.bucket.filling, []

    @contextmanager
    def meanwhile(settings: Settings, *arguments: Any) -> Iterator[Any]:
        with filled(settings, *arguments) as show:
            if settings is served.settings and not moved:
                moved.append(publish(another, 9) if others else rollback(settings).build_id)
                serve_current(another.settings if others else settings)
            yield show

    another = copy(served)
    another.settings = replace(
        served.settings,
        warehouse=served.root / "another.duckdb",
        publish_dir=served.root / "another",
    )
    monkeypatch.setattr(publishing.bucket, "filling", meanwhile)
    if others:
        with pytest.raises(ServingError, match=r"readers keep what they had\. Another warehouse"):
            publish(served, 3)
        assert read(served) == (moved[0], [9, 9])
    else:
        third = publish(served, 3)
        assert moved == [first]
        assert read(served) == (third, [3, 3])


def test_where_builds_may_not_be_deleted_it_is_told_that_readers_have_the_new_one(
    served: BucketWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(served, 1)
    publish(served, 2)
    served.s3.fail("DELETE", 403, "AccessDenied")
    counts = {node["alias"]: 0 for node in exposed_nodes(assets.MANIFEST)}

    def made(*_: Any, **__: Any) -> PublishedBuild:
        return replace(make(served, 3), row_counts=counts)

    for name in ("_refuse_unchecked", "fingerprint", "made_of", "passed_tests"):
        monkeypatch.setattr(assets, name, lambda *_: "")
    monkeypatch.setattr(assets, "publish", made)
    narrator = Narrator(sys.stdout)
    with (
        environment_of(served.settings),
        recorded(served.settings, "run", "build", "make build") as recorder,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        result = dg.materialize([assets.publish_build], instance=instance, raise_on_error=False)
        for record in instance.get_records_for_run(result.run_id).records:
            narrator.on_event(record.event_log_entry)
            recorder.on_event(record.event_log_entry)
    assert _tell_outcome(narrator, served.settings, result.success, recorder.run.build_id) == 1
    build_id, values = read(served)
    assert values == [3, 3]
    told = f"publish: Readers have build {build_id}. Builds that are to go are still in the bucket"
    out, alert = capsys.readouterr().out, served.settings.alert_log.read_text(encoding="utf-8")
    assert f"Readers have the new build, {build_id}. What failed after that:" in out
    assert told in out
    assert "allow s3:DeleteObject" in out
    assert told in alert
    assert recorder.run.build_id == build_id


def test_what_a_build_could_not_take_away_goes_though_nothing_is_new(
    served: BucketWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in (1, 2, 3):
        made = make(served, version)
    assert len(built(served)) == 3
    monkeypatch.setattr(up_to_date, "published_already", lambda settings: made)
    with environment_of(served.settings):
        assert build(Narrator(sys.stdout), Stop(lambda: None)) == 0
    assert len(built(served)) == 2
    assert read(served) == (made.build_id, [3, 3])


# Settings, and the sensor


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RAW_DIR", "s3://"),
        ("RAW_DIR", "s3://key:hidden@bucket/x"),
        ("RAW_DIR", "oss://hidden/x"),
        ("PUBLISH_DIR", "s3://hidden/x"),
        ("WAREHOUSE", "s3://hidden/x"),
        ("SERVE_BUCKET", "hidden/x"),
        ("S3_ENDPOINT", "oss-cn-shanghai.aliyuncs.com/hidden"),
        ("S3_ENDPOINT", "https://key:hidden@host"),
        ("S3_ADDRESSING", "hidden"),
    ],
)
def test_a_setting_that_names_no_bucket_is_told_with_the_mend(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"YUNYING_{name}.*(give|set|with)") as raised:
        Settings.from_environment({f"YUNYING_{name}": value})
    assert name == "S3_ADDRESSING" or "hidden" not in str(raised.value)


def test_a_bucket_is_named_in_the_path_or_in_the_host() -> None:
    def host(environment: dict[str, str]) -> str:
        settings = Settings.from_environment({"YUNYING_RAW_DIR": "s3://b-1/x/", **environment})
        assert settings.raw_dir == "s3://b-1/x"
        client = Bucket(settings, str(settings.raw_dir), "YUNYING_RAW_DIR")._client
        url = client.generate_presigned_url("get_object", {"Bucket": "b-1", "Key": "k"})
        return str(url.partition("?")[0])

    assert host({}) == "https://b-1.s3.amazonaws.com/k"
    minio = {"YUNYING_S3_ENDPOINT": "http://minio:9000/"}
    assert host(minio) == "http://minio:9000/b-1/k"
    oss = {"YUNYING_S3_ENDPOINT": "https://oss-cn-shanghai.aliyuncs.com"}
    virtual = {**oss, "YUNYING_S3_ADDRESSING": "virtual"}
    assert host(virtual) == "https://b-1.oss-cn-shanghai.aliyuncs.com/k"


def test_the_sensor_lists_a_bucket_now_and_then(
    world: BucketWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in world.settings.environment().items():
        monkeypatch.setenv(name, value)
    cursor: str | None = None
    now = 1_800_000_000.0
    monkeypatch.setattr(jobs.time, "time", lambda: now)

    def look(minutes: int) -> tuple[int, str]:
        nonlocal cursor, now
        now += 60 * minutes
        data = jobs.arrivals.evaluate_tick(dg.build_sensor_context(cursor=cursor))
        cursor = data.cursor
        return len(data.run_requests or []), str(data.skip_message)

    world.put("events/a.csv", csv("1"))
    assert look(1)[0] == 0
    world.s3.requests.clear()
    assert look(1) == (0, "a bucket is listed every 10 minutes")
    assert world.s3.requests == []
    assert [look(10)[0], look(10)[0]] == [1, 0]
    world.s3.fail("LIST", 400, "ExpiredToken")
    assert "expired" in look(10)[1]
    world.s3.faults.clear()
    monkeypatch.setattr(raw_folder, "MOST_WATCHED", 0)
    assert "every night" in look(10)[1]
    world.ingest()
    assert world.has_news()  # in doubt
