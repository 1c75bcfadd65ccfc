-- The two roles of the portal; safe to run again. Used by portal.py, by docker-compose.yml and by hand (docs/OPERATIONS.md).
-- psql variables: owner_password, app_password. Run as a superuser, connected to any database of the server.
-- portal_owner owns the database and runs the migrations; portal_app is what web, worker and beat use.
SET client_min_messages = warning;
SELECT 'CREATE ROLE portal_owner' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'portal_owner') \gexec
SELECT 'CREATE ROLE portal_app' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'portal_app') \gexec
ALTER ROLE portal_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE portal_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
-- A page names up to twelve rows beside its own, each by its key: in the order as written. Trying every order of eight joins
-- at a time takes PostgreSQL 14 ms for a query of half a millisecond.
ALTER ROLE portal_app SET join_collapse_limit = 4;
SELECT 'CREATE DATABASE portal OWNER portal_owner' WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = 'portal') \gexec
REVOKE ALL ON DATABASE portal FROM PUBLIC;
GRANT CONNECT ON DATABASE portal TO portal_app;
\connect portal
-- Rows are the application's; a migration takes back what the application must not do (audit: no INSERT).
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO portal_app;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner GRANT USAGE, SELECT ON SEQUENCES TO portal_app;
